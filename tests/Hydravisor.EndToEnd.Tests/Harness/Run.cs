using System.Diagnostics;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>What a program said.</summary>
internal sealed record Ran(int Code, string Output, string Error);

/// <summary>Runs programs of the machine.</summary>
internal static class Run
{
    /// <summary>Runs one to its end.</summary>
    public static async Task<Ran> AnyAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().InTimeAsync($"the end of {program} {string.Join(' ', arguments)}");
            return new Ran(process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Runs one that must succeed.</summary>
    public static async Task<string> CheckedAsync(string program, params string[] arguments)
    {
        var ran = await AnyAsync(program, arguments);
        Assert.True(ran.Code == 0, $"{program} {string.Join(' ', arguments)} ended with {ran.Code}: {ran.Error}{ran.Output}");
        return ran.Output;
    }
}
