"""What Parquet says of itself, in Thrift's compact protocol: read within bounds, nothing allocated."""
