"""Pure policies for closing, cancelling and priority, and the loop that applies them."""
