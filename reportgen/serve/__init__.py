"""Shows a report on this machine while its config, optimizers, losses and templates are edited."""
