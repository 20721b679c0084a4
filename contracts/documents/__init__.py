"""Documents made from the contracts: JSON Schemas, AsyncAPI, an example of each operation."""
