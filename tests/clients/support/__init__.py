"""What the client tests share: a server, accounts, checks of every answer."""
