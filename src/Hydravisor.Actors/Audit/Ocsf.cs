using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Hydravisor.Actors.Audit;

/// <summary>Entries as events of the Open Cybersecurity Schema Framework (https://schema.ocsf.io, 1.3.0), which SIEMs read. Pure.</summary>
internal static class Ocsf
{
    private const string SchemaVersion = "1.3.0";
    private const int Success = 1;
    private const int Failure = 2;
    private const int Informational = 1;
    private const int Medium = 3;

    /// <summary>The event of an entry; null for one that cannot be read.</summary>
    public static JsonObject? Of(AuditEntry entry)
    {
        if (entry is not { At: { } at, Event: { } stored })
        {
            return null;
        }

        var data = JsonNode.Parse(stored)!.AsObject();
        var (category, kind, activity) = Class(entry.Manifest, data);
        var denied = entry.Manifest == "ledger.denied.v1";
        var code = (data["code"] as JsonValue)?.GetValue<int>();
        var failed = denied || code >= 400;
        var happened = new JsonObject
        {
            ["category_uid"] = category,
            ["class_uid"] = kind,
            ["activity_id"] = activity,
            ["type_uid"] = (kind * 100) + activity,
            ["time"] = at.ToUnixTimeMilliseconds(),
            ["severity_id"] = denied ? Medium : Informational,
            ["status_id"] = failed ? Failure : Success,
            ["metadata"] = new JsonObject
            {
                ["version"] = SchemaVersion,
                ["product"] = new JsonObject { ["name"] = "Hydravisor", ["vendor_name"] = "Hydravisor" },
                ["uid"] = string.Create(CultureInfo.InvariantCulture, $"{entry.Stream}#{entry.Sequence}"),
                ["log_name"] = entry.Stream,
                ["event_code"] = entry.Manifest,
            },
        };
        if (code is { } answered)
        {
            happened["status_code"] = answered.ToString(CultureInfo.InvariantCulture);
        }

        if (Text(data, "reason") is { } reason)
        {
            happened["status_detail"] = reason;
        }

        Who(happened, entry, data);
        What(happened, entry, data, kind);
        var more = new JsonObject { ["rule"] = entry.Cause?.Rule, ["policy"] = entry.Cause?.Policy, ["observation"] = entry.Cause?.Observation, ["data"] = data };
        happened["unmapped"] = more;
        return happened;
    }

    private static (int Category, int Class, int Activity) Class(string manifest, JsonObject data) => manifest switch
    {
        // Application Lifecycle: start, stop.
        "ledger.node-started.v1" => (6, 6002, 3),
        "ledger.node-stopped.v1" => (6, 6002, 4),
        // Entity Management: update.
        "ledger.policy-in-force.v1" => (3, 3004, 3),
        // Account Change: create, disable, delete, other.
        "ledger.agent-changed.v1" => (3, 3001, Text(data, "change") switch { "Added" => 1, "Revoked" => 5, "Removed" => 6, _ => 99 }),
        // API Activity: create, read, update, delete, other.
        "vm.created.v1" or "registry.registered.v1" => (6, 6003, 1),
        "ledger.commanded.v1" => (6, 6003, 2),
        "vm.delete-accepted.v1" or "vm.deleted.v1" or "registry.retired.v1" or "registry.voided.v1" => (6, 6003, 4),
        "ledger.denied.v1" or "ledger.attached.v1" or "ledger.detached.v1" or "ledger.executing.v1" or "ledger.executed.v1" or "ledger.resumed.v1" or "checkpoint.made.v1" => (6, 6003, 99),
        _ => (6, 6003, 3),
    };

    private static void Who(JsonObject happened, AuditEntry entry, JsonObject data)
    {
        var agent = entry.Cause?.Agent ?? (entry.Cause?.Observation is null ? null : "node");
        var user = new JsonObject { ["uid"] = agent ?? "unknown", ["type_id"] = agent == "node" ? 3 : 1 };
        if (entry.Cause?.Role is { } role)
        {
            user["groups"] = new JsonArray(new JsonObject { ["name"] = role });
        }

        var actor = new JsonObject { ["user"] = user };
        if (entry.Cause?.Connection is { } connection)
        {
            actor["session"] = new JsonObject { ["uid"] = connection };
        }

        happened["actor"] = actor;
        if (entry.Manifest == "ledger.agent-changed.v1")
        {
            happened["user"] = new JsonObject { ["uid"] = Text(data, "agent"), ["name"] = Text(data, "name") };
        }

        if (Text(data, "remote") is { } remote && IPEndPoint.TryParse(remote, out var from))
        {
            happened["src_endpoint"] = new JsonObject { ["ip"] = from.Address.ToString(), ["port"] = from.Port };
        }
    }

    private static void What(JsonObject happened, AuditEntry entry, JsonObject data, int kind)
    {
        if (kind == 6003)
        {
            var api = new JsonObject { ["operation"] = Text(data, "type") ?? entry.Manifest };
            if (entry.Cause?.RequestId is { } request)
            {
                api["request"] = new JsonObject { ["uid"] = request };
            }

            happened["api"] = api;
        }

        var vm = Text(data, "instance_id") ?? (entry.Stream.StartsWith("vm|", StringComparison.Ordinal) ? entry.Stream[(entry.Stream.LastIndexOf('|') + 1)..] : null);
        if (vm is not null)
        {
            happened["resources"] = new JsonArray(new JsonObject { ["uid"] = vm, ["type"] = "vm" });
        }

        if (kind == 6002)
        {
            happened["app"] = new JsonObject { ["name"] = "Hydravisor", ["vendor_name"] = "Hydravisor", ["version"] = Text(data, "version") };
        }
        else if (kind == 3004)
        {
            happened["entity"] = new JsonObject { ["type"] = "policy", ["uid"] = Text(data, "digest") };
        }
    }

    private static string? Text(JsonObject data, string name) => data[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
