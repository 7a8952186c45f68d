using Hydravisor.Actors.Gateway.Tls;

namespace Hydravisor.Actors.Setup;

/// <summary>Reads <c>hydravisor.gateway.tls</c>.</summary>
internal static class TlsReader
{
    /// <summary>Reads it.</summary>
    /// <param name="tls">The group.</param>
    /// <returns>Null: there is no certificate, and so no TLS.</returns>
    /// <exception cref="SettingException">Something of it is missing, or would do nothing.</exception>
    public static TlsSettings? Read(SettingsReader tls)
    {
        var (certificate, key, clientCa) = (tls.Text("certificate"), tls.Text("key"), tls.Text("client-ca"));
        var wanted = tls.OneOf("client-certificates", "none", "optional", "required") switch
        {
            "optional" => ClientCertificates.Optional,
            "required" => ClientCertificates.Required,
            _ => ClientCertificates.None,
        };
        if (certificate.Length == 0)
        {
            return key.Length > 0 || clientCa.Length > 0 || wanted != ClientCertificates.None
                ? throw new SettingException("hydravisor.gateway.tls is set in part: without certificate and key (HYDRAVISOR_TLS_CERTIFICATE, HYDRAVISOR_TLS_KEY) there is no TLS")
                : null;
        }

        if (key.Length == 0)
        {
            throw new SettingException("hydravisor.gateway.tls.key is missing: the PEM file with the private key of hydravisor.gateway.tls.certificate (HYDRAVISOR_TLS_KEY)");
        }

        if ((clientCa.Length > 0) != (wanted != ClientCertificates.None))
        {
            throw new SettingException(clientCa.Length > 0
                ? "hydravisor.gateway.tls.client-ca does nothing while client-certificates = none: set that to optional or required, or leave client-ca out"
                : "hydravisor.gateway.tls.client-ca is missing: the PEM file with the CAs of the certificates that clients show");
        }

        return new TlsSettings(
            Path.GetFullPath(certificate), Path.GetFullPath(key), clientCa.Length == 0 ? "" : Path.GetFullPath(clientCa), wanted,
            tls.Time("handshake-timeout"), tls.Number("handshakes-max", 1, 100_000));
    }
}
