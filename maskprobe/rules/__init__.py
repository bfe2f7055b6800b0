"""The rules: each looks at a trace for one kind of fault. One rule a file, one code a rule."""
