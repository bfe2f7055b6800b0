"""The shapes of what each layer returns, by its config: sizes of all axes, batch axis first."""
