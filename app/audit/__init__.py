"""Who changed what about persons and companies; nothing here is ever changed or taken away."""
