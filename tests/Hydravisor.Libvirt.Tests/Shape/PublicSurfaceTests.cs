using System.Reflection;
using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Tests.Shape;

public sealed class PublicSurfaceTests
{
    private static readonly Assembly Binding = typeof(LibvirtConnection).Assembly;

    [Fact]
    public void Nothing_native_is_public()
    {
        Assert.All(Binding.GetExportedTypes(), type => Assert.Equal("Hydravisor.Libvirt", type.Namespace));
        Assert.DoesNotContain(
            Binding.GetExportedTypes(), type => typeof(SafeHandle).IsAssignableFrom(type) || type.IsPointer);
    }

    [Fact]
    public void No_public_member_shows_a_pointer_or_a_native_handle()
    {
        IEnumerable<Type> shown = Binding.GetExportedTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static))
            .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType));

        Assert.DoesNotContain(shown, type => type.IsPointer || type == typeof(nint) || typeof(SafeHandle).IsAssignableFrom(type));
    }

    [Fact]
    public void The_binding_knows_nothing_of_Hydravisor()
    {
        Assert.DoesNotContain(
            Binding.GetReferencedAssemblies(), name => name.Name!.StartsWith("Hydravisor", StringComparison.Ordinal));
    }
}
