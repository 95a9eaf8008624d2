#include "agent/live_files.hpp"

namespace virgo::agent {

void LiveFiles::watch_conversation(script::LuaConversation& conversation) {
  const std::string& file = conversation.file();
  const std::size_t slash = file.rfind('/');
  uv::FolderWatch::Options options;
  options.suffix = file.substr(slash + 1);
  watches_.push_back(std::make_unique<uv::FolderWatch>(
      loop_, file.substr(0, slash), std::move(options),
      [&conversation](const std::vector<uv::FileChange>&) { conversation.reload(); }));
}

void LiveFiles::watch_plugins(script::LuaPlugins& plugins, const std::string& folder,
                              Applied applied) {
  uv::FolderWatch::Options options;
  options.suffix = ".lua";
  watches_.push_back(std::make_unique<uv::FolderWatch>(
      loop_, folder, std::move(options),
      [&plugins, folder, applied = std::move(applied)](const std::vector<uv::FileChange>& files) {
        const auto changes = plugins.changed(folder, files);
        if (!changes.provided.empty() || !changes.gone.empty()) applied(changes);
      }));
}

void LiveFiles::look_now() {
  for (const auto& watch : watches_) watch->look_now();
}

}  // namespace virgo::agent
