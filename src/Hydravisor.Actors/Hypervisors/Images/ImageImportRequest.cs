using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>What to take in, and what is said of it.</summary>
internal sealed record ImageImportRequest
{
    /// <summary>The name that it gets.</summary>
    public required string Name { get; init; }

    /// <summary>A file, or an http or https address.</summary>
    public required string From { get; init; }

    /// <summary>The digest that the file must have: 64 hexadecimal digits, any case.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What a console line matches when the guest is up; null: the guest agent says so.</summary>
    public string? ReadyConsole { get; init; }

    /// <summary>Whether the guest agent runs in it; null: where nothing else shows life.</summary>
    public bool? Agent { get; init; }

    /// <summary>Whether it reads a NoCloud seed.</summary>
    public bool CloudInit { get; init; } = true;

    /// <summary>The least memory that it boots with.</summary>
    public ByteSize MinRam { get; init; } = new(512L << 20);

    /// <summary>Whether an imported image of that name is replaced. VMs made of the former keep it.</summary>
    public bool Replace { get; init; }
}

/// <summary>How far a copy has come.</summary>
/// <param name="Bytes">So much is copied.</param>
/// <param name="Total">Of so much; null where the server does not say.</param>
internal readonly record struct ImageImportProgress(long Bytes, long? Total);
