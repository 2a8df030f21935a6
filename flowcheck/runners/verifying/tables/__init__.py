"""The Parquet files of a result: what each adds up to, found in a process of its own."""
