"""What a log is stored as -> blocks of its columns, as they were found: Parquet, JSON, CSV and TSV."""
