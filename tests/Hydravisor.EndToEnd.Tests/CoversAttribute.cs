namespace Hydravisor.EndToEnd.Tests;

/// <summary>Says that a test drives messages of these wire types end to end.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CoversAttribute(params string[] wireTypes) : Attribute
{
    /// <summary>The wire types.</summary>
    public IReadOnlyList<string> WireTypes { get; } = wireTypes;
}
