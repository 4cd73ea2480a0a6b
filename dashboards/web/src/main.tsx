// The libraries are evaluated with this file, and the application in a task of its own, so that neither takes long.
import "react-dom/client";

void import("./start");
