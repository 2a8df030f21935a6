"""What a comparison costs beside an audit."""
