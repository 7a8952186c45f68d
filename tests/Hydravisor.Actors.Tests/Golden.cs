namespace Hydravisor.Actors.Tests;

/// <summary>Approved files: what people read, and what outlives a process. A changed line is a decision.</summary>
internal static class Golden
{
    /// <summary>Compares with the approved file, given by its path from the project.</summary>
    public static void Check(string file, string actual)
    {
        var approved = Path.Combine(AppContext.BaseDirectory, file);
        var came = Path.Combine(AppContext.BaseDirectory, "came", Path.GetFileName(file));
        Directory.CreateDirectory(Path.GetDirectoryName(came)!);
        File.WriteAllText(came, actual);
        Assert.True(
            File.Exists(approved) && File.ReadAllText(approved) == actual,
            $"It differs from {file}. Compare with what came out: {came}; where that is right, copy it over.");
    }
}
