"""Detection networks in ONNX files: what goes in, what comes out, and what runs them."""
