"""Recording: visits become hits, judged and published, each once."""
