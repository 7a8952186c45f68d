using System.CommandLine;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Host.Serve;

/// <summary><c>hydravisor serve</c>: runs a node in the foreground.</summary>
internal static class ServeVerb
{
    /// <summary>What it is called.</summary>
    public const string Name = "serve";

    /// <summary>The verb.</summary>
    public static Command Build()
    {
        var profile = new Option<string>("--profile")
        {
            Description = "Which shipped profile to start from.",
            DefaultValueFactory = _ => "development",
        };
        profile.AcceptOnlyFromAmong([.. NodeConfig.Profiles]);
        var data = new Option<string?>("--data") { Description = "The data directory (also HYDRAVISOR_DATA)." };
        var listen = new Option<string?>("--listen") { Description = "Address and port (also HYDRAVISOR_LISTEN)." };
        var hypervisor = new Option<string?>("--hypervisor") { Description = "libvirt or simulated (also HYDRAVISOR_HYPERVISOR)." };
        var verb = new Command(Name, "Run a node in the foreground; Ctrl-C stops it, its VMs run on.") { profile, data, listen, hypervisor };
        verb.SetAction((parsed, _) => NodeProcess.RunAsync(parsed.GetValue(profile)!, variable => variable switch
        {
            "HYDRAVISOR_DATA" when parsed.GetValue(data) is { } value => Path.GetFullPath(value),
            "HYDRAVISOR_LISTEN" when parsed.GetValue(listen) is { } value => value,
            "HYDRAVISOR_HYPERVISOR" when parsed.GetValue(hypervisor) is { } value => value,
            _ => Environment.GetEnvironmentVariable(variable),
        }));
        return verb;
    }
}
