"""The loopback AWS of payctl: moto, with its gaps closed, its functions run and its contents kept."""
