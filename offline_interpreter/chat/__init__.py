"""The chat at a terminal: where requests are typed, and the loop around them."""
