"""What made a result: digests of code and inputs, whole writes, the doorway that every script walks through."""
