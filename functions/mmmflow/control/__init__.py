"""What a person does to an experiment that exists; giving attempts up."""
