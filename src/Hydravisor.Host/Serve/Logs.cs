using Hydravisor.Actors.Setup;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Hydravisor.Host.Serve;

/// <summary>The node's own log: readable on the console, JSON lines in rolling files.</summary>
internal static class Logs
{
    /// <summary>Builds the logger.</summary>
    public static Logger Build(LogSettings settings, DataDirectory data) =>
        new LoggerConfiguration()
            .MinimumLevel.Is(Enum.Parse<LogEventLevel>(settings.Level, ignoreCase: true))
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .Enrich.WithProperty("Node", data.NodeName)
            .WriteTo.Console(
                outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}",
                formatProvider: System.Globalization.CultureInfo.InvariantCulture)
            .WriteTo.File(
                new CompactJsonFormatter(),
                Path.Combine(data.Logs, "node-.jsonl"),
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: settings.FileMaxBytes,
                retainedFileCountLimit: settings.FilesKept)
            .CreateLogger();
}
