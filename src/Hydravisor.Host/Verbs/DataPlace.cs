using System.CommandLine;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Host.Verbs;

/// <summary>The data directory that a verb works on without a node.</summary>
internal static class DataPlace
{
    /// <summary><c>--data</c>, for a group of verbs.</summary>
    public static Option<string?> Option() => new("--data")
    {
        Description = "The node's data directory (also HYDRAVISOR_DATA)",
        HelpName = "DIRECTORY",
        Recursive = true,
    };

    /// <summary>The settings of a node on that directory.</summary>
    /// <exception cref="SettingException">The configuration cannot be used.</exception>
    public static NodeSettings SettingsOf(VerbEnvironment environment, string? data) => NodeSettings.Read(NodeConfig.Load(
        Path.Combine(AppContext.BaseDirectory, "hocon"),
        "node",
        name => name == "HYDRAVISOR_DATA" && data is not null ? Path.GetFullPath(data) : environment.Variable(name)));

    /// <summary>The directory that a node with these settings would use; absolute.</summary>
    /// <exception cref="SettingException">The configuration cannot be used.</exception>
    public static string DirectoryOf(VerbEnvironment environment, string? data) => SettingsOf(environment, data).DataDirectory;
}
