"""Who may use the console, and how what AINEON keeps secret is sealed."""
