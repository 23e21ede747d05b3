"""YAML and sheets in; one typed, validated study out."""
