namespace Hydravisor.Protocol;

/// <summary>HMAC-SHA256 with a key that was given before, so that what the key alone decides is not done for each message. For one thread at a time.</summary>
public interface IKeyedHmac
{
    /// <summary>Signs bytes. What was signed before makes no difference.</summary>
    /// <param name="bytes">What is signed.</param>
    /// <param name="signature">Where the 32 bytes go.</param>
    void Compute(ReadOnlySpan<byte> bytes, Span<byte> signature);
}
