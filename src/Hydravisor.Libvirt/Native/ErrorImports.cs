using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>Declarations of virterror.h.</summary>
internal static unsafe partial class ErrorImports
{
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virGetLastError")]
    internal static partial NativeError* GetLastError();

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virSaveLastError")]
    internal static partial nint SaveLastError();

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virSetError")]
    internal static partial int SetError(nint error);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virFreeError")]
    internal static partial void FreeError(nint error);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virSetErrorFunc")]
    internal static partial void SetErrorFunc(nint userData, delegate* unmanaged<nint, NativeError*, void> handler);
}

/// <summary><c>struct _virError</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeError
{
    public int Code;
    public int Domain;
    public byte* Message;
    public int Level;
    public nint Connection;
    public nint Dom;
    public byte* Str1;
    public byte* Str2;
    public byte* Str3;
    public int Int1;
    public int Int2;
    public nint Network;
}
