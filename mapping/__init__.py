"""What a mapping is: the formats read into one form, every mistake found and named, without a stage around it."""
