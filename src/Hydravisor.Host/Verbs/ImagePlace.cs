using Akka.Configuration;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Host.Verbs;

/// <summary>Where this machine's images are, as a node on it would find them.</summary>
/// <param name="Environment">The process around the verb.</param>
/// <param name="Images">The configuration below <c>hydravisor.images</c>.</param>
/// <param name="ImagesDirectory">Where they are; absolute.</param>
internal sealed record ImagePlace(VerbEnvironment Environment, Config Images, string ImagesDirectory)
{
    /// <summary>Reads the configuration.</summary>
    /// <exception cref="SettingException">It cannot be used.</exception>
    public static ImagePlace Of(VerbEnvironment environment)
    {
        var config = NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), "node", environment.Variable);
        return new ImagePlace(environment, config.GetConfig("hydravisor.images"), NodeSettings.Read(config).ImagesDirectory);
    }

    /// <summary>The catalogue as it is now.</summary>
    /// <exception cref="ImageCatalogueException">An entry cannot be used.</exception>
    public ImageCatalogue Catalogue() => ImageCatalogue.Load(Images, ImagesDirectory);
}
