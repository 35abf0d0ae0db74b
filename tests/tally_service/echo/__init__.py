"""Echo: hears tally, keeps a ledger of what it did, and announces that it did."""
