using System.Runtime.CompilerServices;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>The tree that the tests were built from.</summary>
internal static class Checkout
{
    /// <summary>The path of one of its scripts.</summary>
    public static string Script(string name) => Path.Combine(Root(), "scripts", name);

    private static string Root([CallerFilePath] string here = "")
    {
        var root = new DirectoryInfo(here);
        while (!File.Exists(Path.Combine(root!.FullName, "Hydravisor.sln")))
        {
            root = root.Parent;
        }

        return root.FullName;
    }
}
