using System.Text;
using System.Xml;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Text of others on its way into XML.</summary>
internal static class XmlText
{
    /// <summary>The text with U+FFFD in place of what XML 1.0 cannot hold: control characters and halves of pairs. (What XML can hold but
    /// must quote is the writer's business.)</summary>
    public static string Safe(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            safe.Append(rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\uFFFD" : rune.ToString());
        }

        return safe.ToString();
    }
}
