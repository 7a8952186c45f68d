namespace Hydravisor.Fuzz;

/// <summary>Pieces that lines are made of, right and damaged.</summary>
internal static class Words
{
    /// <summary>To be inserted anywhere.</summary>
    public static IReadOnlyList<byte[]> All { get; } =
    [
        .. new[]
        {
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\\\", "\\\"", "\\u", "\\u0000", "\\u000a", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0061", "/*", "//", "null", "true", "false",
            "0", "-0", "-1", "1e400", "1E-999", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "0.1", "00", "NaN", "1.", "123456789012345678901234567890",
            "\n", "\r\n", "\r", "\n\n", "\r\r\n", "\t", " ", "\0", "\u2028", "\uFEFF", "ä", "😀",
            "\"type\":\"vm/list\"", "\"type\":\"vm/state\"", "\"type\":null", "\"\\u0074ype\":\"vm/list\"", "\"type\":7", "\"jsonrpc\":\"2.0\"", "\"id\":1", "\"id\":\"a\"", "\"id\":1e999",
            "\"meta\":{\"request_id\":\"r\"}", "\"meta\":null", "\"meta\":{\"request_id\":\"\"}", "\"request_id\":7", "\"incarnation\":1", "\"labels\":{\"a\":\"b\"}", "\"instance_id\":\"vm-23ac1a9d\"",
            "\"instance_id\":\"*\"", "\"message\":{}", "\"message\":", "\"hmac\":null", "\"hmac\":\"00\"", "\"agent_fingerprint\":", "\"nonce\":\"0123456789abcdef\"", "\"role\":\"trusted\"",
            "\"timestamp\":\"2026-01-01T00:00:00Z\"", "\"timestamp\":\"9999-12-31T23:59:59.9999999+23:59\"", "\"from\":\"start\"", "\"from\":5", "\"argv\":[\"/bin/true\"]", "\"data\":\"!!!\"",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
        [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xEF, 0xBB, 0xBF], [0xF0, 0x9F, 0x98],
    ];
}
