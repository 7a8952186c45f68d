using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The command that <c>vm/attach-terminal</c> answers, pasted into a shell in a terminal as a person would.</summary>
public sealed class AttachTests(ITestOutputHelper output) : QemuTest(output)
{
    [Fact]
    public async Task An_operator_types_and_an_auditor_only_sees()
    {
        await using var people = new PersonsTerminals();
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        var asOperator = await client.AttachAsync(id, TerminalRole.Operator);
        var asAuditor = await client.AttachAsync(id, TerminalRole.Auditor);
        Assert.Equal(("read-write", "read-only"), (asOperator.Mode, asAuditor.Mode));
        await people.PasteAsync("operator", asOperator.Attach);
        await people.PasteAsync("auditor", asAuditor.Attach);

        await people.PressAsync("auditor", "Enter");
        await people.TypeAsync("auditor", "echo typed-by-$((1000+1))");
        await people.PressAsync("auditor", "Enter");
        // The console takes what is typed once a prompt is there: an empty line brings one.
        await people.PressAsync("operator", "Enter");
        await people.SeeAsync("operator", "#");
        await people.TypeAsync("operator", "echo typed-by-$((1000+2))");
        await people.PressAsync("operator", "Enter");
        await people.SeeAsync("operator", "typed-by-1002");
        await people.SeeAsync("auditor", "typed-by-1002");
        Assert.DoesNotContain("typed-by-1001", await people.ScreenAsync("operator"), StringComparison.Ordinal);
    }
}
