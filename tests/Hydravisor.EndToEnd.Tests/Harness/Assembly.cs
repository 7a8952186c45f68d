// Each test drives processes that want all of the machine, and those on real QEMU share one libvirtd.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
