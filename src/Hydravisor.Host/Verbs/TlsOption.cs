using System.CommandLine;

namespace Hydravisor.Host.Verbs;

/// <summary>The options by which a verb is told to speak TLS.</summary>
internal sealed class TlsOption
{
    private readonly Option<bool> _tls = new("--tls")
    {
        Description = "Speak TLS; else HYDRAVISOR_TLS=on. --ca, --certificate and --server-name do it too",
        Recursive = true,
    };

    private readonly Option<string?> _ca = OfFile("--ca", "The CAs by which the node's certificate is judged (PEM); else HYDRAVISOR_CA, the system's");

    private readonly Option<string?> _certificate = OfFile("--certificate", "The certificate to show the node (PEM); else HYDRAVISOR_CERTIFICATE. Without --key it is who the agent is");

    private readonly Option<string?> _key = OfFile("--certificate-key", "Its private key (PEM); else HYDRAVISOR_CERTIFICATE_KEY, the certificate's own file");

    private readonly Option<string?> _name = new("--server-name")
    {
        Description = "The name that the node's certificate must bear; else HYDRAVISOR_SERVER_NAME, the host that is connected to",
        HelpName = "NAME",
        Recursive = true,
    };

    /// <summary>Gives the options to a group of verbs.</summary>
    public void AddTo(Command group)
    {
        group.Options.Add(_tls);
        group.Options.Add(_ca);
        group.Options.Add(_certificate);
        group.Options.Add(_key);
        group.Options.Add(_name);
    }

    /// <summary>What was said.</summary>
    public TlsFiles Of(ParseResult parsed) => new(
        parsed.GetValue(_tls), parsed.GetValue(_ca), parsed.GetValue(_certificate), parsed.GetValue(_key), parsed.GetValue(_name));

    private static Option<string?> OfFile(string name, string description) => new(name) { Description = description, HelpName = "FILE", Recursive = true };
}
