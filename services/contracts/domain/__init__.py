"""The rules of contracts: what a template is, and how a contract comes into force."""
