"""The benchmarks, one a file; `__main__` lists them, and each is imported alone when measured."""
