using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access.Signing;

/// <summary>HMAC-SHA256 of the OpenSSL 3 that the base library works with, without what the base library does around it: half of the time for a message.</summary>
/// <remarks>The way that OpenSSL wants it used (EVP_MAC): a context is given the key once, and starts from it again for each message.</remarks>
internal sealed unsafe partial class OpenSslHmac : IKeyedHmac
{
    private const string Library = "libcrypto.so.3";
    private const int Major = 3;
    private const int MajorShift = 28;
    private const uint Utf8String = 4;
    private const int SignatureBytes = HMACSHA256.HashSizeInBytes;

    private static readonly nint Algorithm = Find();

    private readonly nint _context;

    private OpenSslHmac(nint context) => _context = context;

    /// <summary>Gives the context back, and clears the key in it.</summary>
    ~OpenSslHmac() => Free(_context);

    /// <summary>Whether there is that OpenSSL.</summary>
    public static bool IsSupported => Algorithm != 0;

    /// <summary>One for a key.</summary>
    /// <exception cref="CryptographicException">There can be none.</exception>
    public static IKeyedHmac Of(ReadOnlySpan<byte> key)
    {
        var context = IsSupported ? Make(Algorithm) : 0;
        if (context == 0)
        {
            throw new CryptographicException("OpenSSL has no HMAC.");
        }

        // From here on it is given back, whatever comes.
        var hmac = new OpenSslHmac(context);
        // No key at all is the same as a zero, and what is at no address would be the key of before.
        key = key.IsEmpty ? [0] : key;
        fixed (byte* bytes = key, digest = "digest\0"u8, sha256 = "SHA256\0"u8)
        {
            var parameters = stackalloc Parameter[2];
            parameters[0] = new Parameter { Name = digest, Type = Utf8String, Data = sha256, Bytes = (nuint)"SHA256"u8.Length, Returned = nuint.MaxValue };
            parameters[1] = default;
            Check(Start(context, bytes, (nuint)key.Length, parameters));
        }

        GC.KeepAlive(hmac);
        return hmac;
    }

    /// <inheritdoc/>
    public void Compute(ReadOnlySpan<byte> bytes, Span<byte> signature)
    {
        if (signature.Length < SignatureBytes)
        {
            throw new ArgumentException("The signature has no room.", nameof(signature));
        }

        fixed (byte* from = bytes, to = signature)
        {
            nuint written;
            Check(Start(_context, null, 0, null));
            Check(Update(_context, from, (nuint)bytes.Length));
            Check(End(_context, to, &written, SignatureBytes));
        }

        GC.KeepAlive(this);
    }

    [SuppressMessage("Interoperability", "CA1416:Validate platform compatibility", Justification = "This is for Linux alone.")]
    private static nint Find()
    {
        try
        {
            // Of another one than the base library has loaded there would be two in the process.
            if (SafeEvpPKeyHandle.OpenSslVersion >> MajorShift != Major)
            {
                return 0;
            }

            fixed (byte* name = "HMAC\0"u8)
            {
                return Fetch(0, name, null);
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or PlatformNotSupportedException)
        {
            return 0;
        }
    }

    private static void Check(int result)
    {
        if (result != 1)
        {
            throw new CryptographicException("OpenSSL could not sign.");
        }
    }

    [LibraryImport(Library, EntryPoint = "EVP_MAC_fetch")]
    private static partial nint Fetch(nint libraryContext, byte* algorithm, byte* properties);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_new")]
    private static partial nint Make(nint algorithm);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_free")]
    private static partial void Free(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_init")]
    private static partial int Start(nint context, byte* key, nuint keyBytes, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_update")]
    private static partial int Update(nint context, byte* bytes, nuint count);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_final")]
    private static partial int End(nint context, byte* signature, nuint* written, nuint room);

    /// <summary><c>OSSL_PARAM</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameter
    {
        public byte* Name;
        public uint Type;
        public void* Data;
        public nuint Bytes;
        public nuint Returned;
    }
}
