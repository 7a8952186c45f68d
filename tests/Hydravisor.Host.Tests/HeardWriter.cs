namespace Hydravisor.Host.Tests;

/// <summary>What a program writes, and waiting for a line of it.</summary>
internal sealed class HeardWriter : StringWriter
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override void WriteLine(string? value)
    {
        lock (_lock)
        {
            base.WriteLine(value);
            _written.SetResult();
            _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async Task SaysAsync(string text)
    {
        while (true)
        {
            Task written;
            lock (_lock)
            {
                if (ToString().Contains(text, StringComparison.Ordinal))
                {
                    return;
                }

                written = _written.Task;
            }

            await written.WaitAsync(Client.Tests.ScriptedServer.Patience);
        }
    }
}
