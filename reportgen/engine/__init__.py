"""From a program to arrays: the batched, compiled loop and the choice of a device."""
