using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Doctor;

namespace Hydravisor.Actors.Tests.Setup;

public sealed class ExaminationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly NodeSettings _settings;

    public ExaminationTests()
    {
        File.SetUnixFileMode(_directory.Path, File.GetUnixFileMode(_directory.Path) | UnixFileMode.OtherExecute);
        var config = NodeConfig.Load(
            Path.Combine(AppContext.BaseDirectory, "hocon"),
            "development",
            variable => variable == "HYDRAVISOR_DATA" ? _directory.Path : null);
        _settings = NodeSettings.Read(config) with { LibvirtUri = "test:///default", Accel = "tcg" };
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_machine_that_is_ready_has_no_error() =>
        Assert.DoesNotContain(Examine(_settings), finding => finding.Severity == Severity.Error);

    [Fact]
    public void A_libvirt_that_does_not_answer_comes_with_the_way_to_start_it()
    {
        var finding = Find("libvirt", _settings with { LibvirtUri = "test+unix:///default?socket=/nowhere/socket" });
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("/nowhere/socket", finding.Found, StringComparison.Ordinal);
        Assert.Contains("start it", finding.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, Severity.Ok, "not there")]
    [InlineData(0x180, Severity.Warning, "56 s")]
    [InlineData(0x1B0, Severity.Ok, "mode 660")]
    public void A_device_that_only_root_opens_is_known_by_its_price(int mode, object severity, string says)
    {
        var device = Path.Combine(_directory.Path, "kvm");
        if (mode != 0)
        {
            File.WriteAllText(device, "");
            File.SetUnixFileMode(device, (UnixFileMode)mode);
        }

        var finding = Find("/dev/kvm", _settings, device);
        Assert.Equal((Severity)severity, finding.Severity);
        Assert.Contains(says, finding.Found, StringComparison.Ordinal);
        Assert.Equal((Severity)severity == Severity.Warning, finding.Remedy?.Contains("chgrp kvm", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void How_guests_run_is_said_with_the_reason_and_not_promised_before_one_booted()
    {
        Assert.Contains("tcg: hydravisor.accel = tcg", Find("acceleration", _settings).Found, StringComparison.Ordinal);
        if (File.Exists("/dev/kvm"))
        {
            Assert.Contains("not known yet", Find("acceleration", _settings with { Accel = "auto" }).Found, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains("there is no /dev/kvm", Find("acceleration", _settings with { Accel = "auto" }).Found, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_image_that_is_not_built_comes_with_the_way_to_build_it()
    {
        var finding = Find("image tiny", _settings);
        Assert.Equal((Severity.Warning, "hydravisor image build tiny"), (finding.Severity, finding.Remedy));
    }

    [Fact]
    public void A_catalogue_that_cannot_be_read_is_one_finding_and_not_the_end()
    {
        var findings = new Examination(_settings, () => throw new ImageCatalogueException("it is broken")).Examine().ToList();
        Assert.Equal("it is broken", Assert.Single(findings, finding => finding.What == "images").Found);
        Assert.Contains(findings, finding => finding.What == "port");
    }

    [Fact]
    public void A_path_too_long_for_sockets_is_refused()
    {
        var finding = Find("data directory", _settings with { DataDirectory = Path.Combine(_directory.Path, new string('d', 100)) });
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("shorter", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_QEMUs_user_cannot_walk_through_is_named()
    {
        var closed = Directory.CreateDirectory(Path.Combine(_directory.Path, "closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var inside = _settings with { DataDirectory = Path.Combine(closed.FullName, "data"), LibvirtUri = "test:///default/system" };
        var finding = Find("data directory", inside);
        Assert.Equal((Severity.Error, $"QEMU's user cannot walk through {closed.FullName}"), (finding.Severity, finding.Found));
        Assert.Equal(Severity.Ok, Find("data directory", inside with { LibvirtUri = "qemu:///session" }).Severity);
    }

    [Fact]
    public void A_disk_with_less_room_than_a_VM_must_find_is_an_error() =>
        Assert.Equal(
            Severity.Error, Find("disk", _settings with { Host = _settings.Host with { DiskFreeMinBytes = long.MaxValue } }).Severity);

    [Fact]
    public void A_port_that_is_taken_is_an_error_unless_our_own_node_has_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = _settings with { Gateway = _settings.Gateway with { Listen = (IPEndPoint)other.LocalEndpoint } };
        var finding = Find("port", taken);
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("HYDRAVISOR_LISTEN", finding.Remedy, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_directory.Path, "node.pid"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(Severity.Ok, Find("port", taken).Severity);
    }

    [Fact]
    public void A_port_for_health_is_looked_at_where_there_is_to_be_one()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var finding = Find("health port", _settings with { HealthListen = (IPEndPoint)other.LocalEndpoint });
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("HYDRAVISOR_HEALTH_LISTEN", finding.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(Examine(_settings), found => found.What is "health port" or "cluster port");
    }

    private static Finding Find(string what, NodeSettings settings, string? device = null) =>
        Assert.Single(Examine(settings, device), finding => finding.What == what);

    private static List<Finding> Examine(NodeSettings settings, string? device = null)
    {
        var config = NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), "development", _ => null).GetConfig("hydravisor.images");
        return [.. new Examination(settings, () => ImageCatalogue.Load(config, settings.ImagesDirectory)) { KvmDevice = device ?? "/dev/kvm" }.Examine()];
    }
}
