namespace Hydravisor.Host.Tests;

/// <summary>A test of a verb that works on a data directory, where there is no node.</summary>
public abstract class DataDirectoryTest : IAsyncLifetime
{
    /// <summary>The data directory.</summary>
    protected string DataDirectory { get; } = Directory.CreateTempSubdirectory("hv-").FullName;

    private protected VerbRun Run { get; } = new();

    public virtual Task InitializeAsync()
    {
        Run.Variables["HYDRAVISOR_DATA"] = DataDirectory;
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Run.DisposeAsync();
        Directory.Delete(DataDirectory, recursive: true);
    }
}
