// Opens a directory with LevelDB and says how that went; closes and ends when told anything.
import { ClassicLevel } from 'classic-level'

const database = new ClassicLevel(process.argv[2])
process.on('message', async () => {
  await database.close()
  process.disconnect()
})
try {
  await database.open()
  process.send({ opened: true })
} catch (error) {
  process.send({ opened: false, reason: error.cause?.code ?? error.code })
}
