using Hydravisor.Actors.Hosts;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Reservations in the database that holds the journal: see docs/decisions/0018-a-vm-is-reserved-before-it-is-made.md.</summary>
/// <param name="store">The database, for this process to write as its node.</param>
internal sealed class PostgresReservations(SharedStore store) : IReservations
{
    private const string Reserve = """
        select verdict, other, vms, vcpus, ram_bytes, disk_bytes
        from hydravisor_reserve($1, $2, $3, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint)
        """;

    /// <inheritdoc/>
    public async Task<Reservation> ReserveAsync(RegistryEntry entry, RegistryQuota? quota)
    {
        var limits = quota?.Limits;
        var answers = await store.AskAsync(
            Reserve,
            row => (
                Verdict: row.GetString(0),
                Other: row.IsDBNull(1) ? "" : row.GetString(1),
                Use: new RegistryQuota.Use(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5))),
            entry.Id.Value, entry.Name, entry.Agent, (long)entry.Vcpus, entry.RamBytes, entry.DiskBytes,
            (long?)limits?.Vms, (long?)limits?.Vcpus, limits?.RamBytes, limits?.DiskBytes).ConfigureAwait(false);
        var (verdict, other, use) = answers.Single();
        return verdict switch
        {
            "granted" => new Reservation.Granted(),
            "elsewhere" => new Reservation.Elsewhere(other),
            "name" => Refused(RegistryDecider.NameTaken(entry.Name, InstanceId.Parse(other))),
            "quota" when quota!.Refusal(use, entry) is { } refused => Refused(refused),
            _ => throw new InvalidOperationException($"hydravisor_reserve answered '{verdict}'."),
        };
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(InstanceId id) => store.AskAsync("select hydravisor_release($1)", _ => 0, id.Value);

    private static Reservation.Refused Refused(Registration.Refused refused) => new(refused.Code, refused.Message);
}
