"""What is published about the contracts: JSON Schemas, AsyncAPI, an example of each operation."""
