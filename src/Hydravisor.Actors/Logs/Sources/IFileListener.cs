namespace Hydravisor.Actors.Logs.Sources;

/// <summary>Who is told that a file has changed.</summary>
internal interface IFileListener
{
    /// <summary>Something has changed. Never blocks; called on a foreign thread.</summary>
    /// <param name="names">Whether names may stand for other files now, so that watches must be set anew.</param>
    void OnChanged(bool names);
}
