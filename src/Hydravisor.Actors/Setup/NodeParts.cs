using Akka.Configuration;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt;
using Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Terminals.Simulated;

namespace Hydravisor.Actors.Setup;

/// <summary>The ports of a node in the forms that its settings ask for.</summary>
internal sealed record NodeParts(IHypervisor Hypervisor, ITerminals Terminals, IImages Images)
{
    /// <summary>Builds them.</summary>
    /// <param name="settings">What the operator set.</param>
    /// <param name="data">The data directory.</param>
    /// <param name="config">The whole configuration, for the images.</param>
    /// <param name="tell">Told what an operator should know.</param>
    /// <exception cref="SettingException">The catalogue of images cannot be used.</exception>
    public static async Task<NodeParts> BuildAsync(NodeSettings settings, DataDirectory data, Config config, Action<string> tell) =>
        settings.Hypervisor == "simulated" ? BuildSimulated(settings, data) : await BuildLibvirtAsync(settings, data, config, tell).ConfigureAwait(false);

    private static NodeParts BuildSimulated(NodeSettings settings, DataDirectory data) => new(
        new FileSimulatedHypervisor(
            new SimulatedSettings(settings.SimulatedDirectory)
            {
                VmsDirectory = data.Vms,
                Guest = new SimulatedGuest(settings.SimulatedBootTime, settings.SimulatedShutdownTime),
                CallDelayRandom = settings.SimulatedCallTimeMax,
            },
            TimeProvider.System),
        new SimulatedTerminals(Path.Combine(settings.SimulatedDirectory, "terminals")),
        new SimulatedImages());

    private static async Task<NodeParts> BuildLibvirtAsync(NodeSettings settings, DataDirectory data, Config config, Action<string> tell)
    {
        var images = ReadImages(settings, config, tell);
        var probe = new AccelerationProbe(
            settings.Accel, settings.LibvirtUri, data.Root, name => images.Catalogue.TryGet(name, out var entry) ? entry : null, TimeProvider.System);
        var acceleration = await probe.DecideAsync().ConfigureAwait(false);
        tell($"guests run with {acceleration.Word}: {acceleration.Reason}");
        var libvirt = new LibvirtSettings
        {
            Uri = settings.LibvirtUri,
            NodeName = data.NodeName,
            VmsDirectory = data.Vms,
            VirtType = acceleration.VirtType,
            ReconnectMin = settings.ReconnectMin,
            ReconnectMax = settings.ReconnectMax,
        };
        return new NodeParts(
            new LibvirtHypervisor(libvirt, made => images.Catalogue.TryGetFor(made, out var entry) ? entry : null, TimeProvider.System),
            new TmuxTerminals(data.Run, TimeProvider.System),
            images);
    }

    private static NodeImages ReadImages(NodeSettings settings, Config config, Action<string> warn)
    {
        try
        {
            return new NodeImages(config.GetConfig("hydravisor.images"), settings.ImagesDirectory, warn);
        }
        catch (ImageCatalogueException e)
        {
            throw new SettingException(e.Message);
        }
    }
}
