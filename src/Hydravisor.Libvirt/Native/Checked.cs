using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>The result conventions of libvirt's C functions. The error belongs to the thread that made the call, so the check
/// stands in the same synchronous method as the call: no await between, no other libvirt call between.</summary>
internal static unsafe class Checked
{
    /// <summary>Functions that answer -1 on failure.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NotNegative(int result, string operation) => result >= 0 ? result : throw LastError(operation);

    /// <summary>Functions that answer NULL on failure, else text that is ours.</summary>
    public static string NotNull(string? result, string operation) => result ?? throw LastError(operation);

    /// <summary>Functions that answer NULL on failure, else a new reference.</summary>
    public static THandle Valid<THandle>(THandle handle, string operation)
        where THandle : LibvirtHandle
    {
        if (handle.IsInvalid)
        {
            LibvirtException error = LastError(operation);
            handle.Dispose();
            throw error;
        }

        handle.Count();
        return handle;
    }

    /// <summary>The error of the last libvirt call of this thread, copied.</summary>
    public static LibvirtException LastError(string operation)
    {
        NativeError* error = ErrorImports.GetLastError();
        if (error is null || error->Code == 0)
        {
            return new LibvirtException(
                operation, LibvirtErrorCode.InternalError, LibvirtErrorDomain.None, "libvirt named no error");
        }

        LibvirtErrorCode code = (LibvirtErrorCode)error->Code;
        LibvirtErrorDomain domain = (LibvirtErrorDomain)error->Domain;
        return new LibvirtException(operation, code, domain, Text(error->Message) ?? "no text")
        {
            Text1 = Text(error->Str1),
            Text2 = Text(error->Str2),
            Text3 = Text(error->Str3),
            Number1 = error->Int1,
            Number2 = error->Int2,
        };
    }

    private static string? Text(byte* text) => Marshal.PtrToStringUTF8((nint)text);
}
