"""Machines that libvirt keeps, QEMU with or without KVM: one host, reached by one libvirt address.

driver        the Driver; everything below is asked by it
settings      which component of a product is what of a machine, and how much of the host may be sold
library       libvirt's Python library, loaded late
lanes         calls with a deadline, each on a connection that may be left behind
answers       what libvirt's errors mean
machine       what a machine has, now and after its next start
notes         what Prorata keeps in the machine's own metadata: fence, operations, limits
stored, room  snapshots and backups; what the host still has
sight         all of this at one moment, as a reading
decide        how a step would be done, or why not
apply         do it: at once (grow), or with the machine off (cold)
"""
